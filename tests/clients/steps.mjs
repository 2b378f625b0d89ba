// SPDX-License-Identifier: Apache-2.0
//
// Lets a test drive a client library: each line of the input is one step, {"step", ...}, each line
// of the output what became of it, {"result"} or {"error"}.
import { webcrypto } from 'node:crypto'
import { createInterface } from 'node:readline'

// Node.js 18 hides what later ones show, so this module is imported before any library.
globalThis.crypto ??= webcrypto
globalThis.CryptoKey ??= webcrypto.CryptoKey

// What a library throws, in words that all of them share.
function told(error) {
  const challenge = Array.isArray(error.cause) ? error.cause[0]?.parameters : undefined
  const body = error.data?.payload
  return {
    name: error.name,
    message: error.message,
    error: body?.error ?? challenge?.error ?? error.error ?? null,
  }
}

export async function run(steps) {
  for await (const line of createInterface({ input: process.stdin })) {
    const { step, ...given } = JSON.parse(line)
    let answer
    try {
      answer = { result: (await steps[step](given)) ?? null }
    } catch (error) {
      answer = { error: told(error) }
    }
    process.stdout.write(`${JSON.stringify(answer)}\n`)
  }
}
