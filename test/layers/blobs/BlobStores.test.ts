import { Effect, Layer } from "effect"
import * as BlobStoreFiles from "../../../layers/blobs/BlobStoreFiles.ts"
import * as BlobStoreMemory from "../../../layers/blobs/BlobStoreMemory.ts"
import * as BlobStoreSuite from "../../suites/BlobStoreSuite.ts"
import { folder } from "../wire/Stages.ts"

BlobStoreSuite.suite("memory", BlobStoreMemory.layer())
BlobStoreSuite.suite("files", Layer.unwrap(Effect.map(folder, (path) => BlobStoreFiles.layer(`${path}/blobs`))))
