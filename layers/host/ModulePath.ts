/**
 * How a module is named to people.
 *
 * @since 0.1.0
 */
import { fileURLToPath } from "node:url"

/** The path of a module's file; any other URL as it is. */
export const pathOf = (url: string): string => url.startsWith("file:") ? fileURLToPath(url) : url
