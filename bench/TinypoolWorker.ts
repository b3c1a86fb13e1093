/** The same task as `Echo`, as Tinypool runs it: in a thread, without schemas. */
export default ({ n }: { readonly n: number }): number => n
