import * as ForegroundStdio from "../../layers/ForegroundStdio.ts"
import * as ForegroundSuite from "../suites/ForegroundSuite.ts"

ForegroundSuite.suite("Stdio", ForegroundStdio.layer)
