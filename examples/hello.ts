import { Program } from "cadre"
import { Console } from "effect"

const program = Program.make(import.meta.url, Console.log("Hello"))
export default program
if (import.meta.main) Program.run(program)
