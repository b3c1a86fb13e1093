/**
 * A segmenter that is made when it is first needed. Making one takes longer
 * than all else that a short command does, the command line's modules make one
 * when they are imported, and most commands never use it.
 *
 * @since 0.1.0
 */

const { Segmenter } = Intl

// In plain text every character is one by itself.
const plain = /^[\u0020-\u007e]*$/

class LateSegmenter {
  readonly #options: ConstructorParameters<typeof Segmenter>
  #segmenter: Intl.Segmenter | undefined

  constructor(...options: ConstructorParameters<typeof Segmenter>) {
    this.#options = options
  }

  segment(input: string): Iterable<{ readonly segment: string }> {
    if (plain.test(input)) return Array.from(input, (segment) => ({ segment }))
    return (this.#segmenter ??= new Segmenter(...this.#options)).segment(input)
  }
}

/** Imports a module whose segmenters are made late; all others are not touched. */
export const importLate = async (url: string): Promise<unknown> => {
  Object.assign(Intl, { Segmenter: LateSegmenter })
  try {
    return await import(url)
  } finally {
    Object.assign(Intl, { Segmenter })
  }
}
