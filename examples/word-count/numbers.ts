/** Numbers as people read them. */

/** A whole number, such as `1,200`. */
export const number = (value: number): string => Math.round(value).toLocaleString("en")

/** A time in seconds. */
export const time = (seconds: number): string =>
  seconds < 60 ? `${seconds.toFixed(1)} s` : `${number(seconds / 60)} min`

/** A share, from 0 to 1. */
export const percent = (share: number): string => `${Math.floor(share * 100)}%`
