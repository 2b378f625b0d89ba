// SPDX-License-Identifier: Apache-2.0
//
// openid-client, a certified relying party, as one client of the server that a test starts.
import { run } from './steps.mjs'
import { generateKeyPairSync } from 'node:crypto'
import { Issuer, generators } from 'openid-client'

const newKey = () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
const proofKey = newKey()

let issuer
let client
let asked // of the authorization request under way
let tokens
let device

// With `dpop`, what the library calls binds the token to the key of this client.
const bound = (dpop) => (dpop ? { DPoP: proofKey } : {})

function keep(set) {
  tokens = set
  return { ...set, claims: set.id_token ? set.claims() : null }
}

await run({
  async discover({ url }) {
    issuer = await Issuer.discover(url)
    return issuer.metadata
  },

  async register({ metadata, token, signing }) {
    const jwk = { ...newKey().export({ format: 'jwk' }), kid: 'one', alg: 'ES256', use: 'sig' }
    client = await issuer.Client.register(metadata, {
      initialAccessToken: token,
      ...(signing ? { jwks: { keys: [jwk] } } : {}),
    })
    return client.metadata
  },

  async authorize({ scope, push, dpop, ...more }) {
    asked = {
      verifier: generators.codeVerifier(),
      state: generators.state(),
      nonce: generators.nonce(),
      dpop,
    }
    const parameters = {
      scope,
      state: asked.state,
      nonce: asked.nonce,
      code_challenge: generators.codeChallenge(asked.verifier),
      code_challenge_method: 'S256',
      ...more,
    }
    if (!push) return client.authorizationUrl(parameters)
    const pushed = await client.pushedAuthorizationRequest(parameters)
    return client.authorizationUrl({ request_uri: pushed.request_uri })
  },

  async callback({ location }) {
    const { verifier, state, nonce, dpop } = asked
    return keep(await client.callback(
      client.metadata.redirect_uris[0],
      client.callbackParams(location),
      { code_verifier: verifier, state, nonce },
      bound(dpop),
    ))
  },

  async refresh({ token, dpop }) {
    return keep(await client.refresh(token ?? tokens, bound(dpop)))
  },

  async client_credentials({ dpop }) {
    return keep(await client.grant({ grant_type: 'client_credentials' }, bound(dpop)))
  },

  user_info: ({ dpop }) => client.userinfo(tokens, bound(dpop)),
  introspect: ({ token }) => client.introspect(token),
  revoke: ({ token }) => client.revoke(token),

  async device({ scope }) {
    device = await client.deviceAuthorization({ scope })
    return { user_code: device.user_code, uri: device.verification_uri_complete }
  },

  poll: async () => keep(await device.poll()),

  async fetch({ url, dpop }) {
    const token = tokens.access_token
    const options = dpop ? { ...bound(dpop), tokenType: 'DPoP' } : {}
    return (await client.requestResource(url, token, options)).statusCode
  },

  logout: ({ to, state }) =>
    client.endSessionUrl({ id_token_hint: tokens, post_logout_redirect_uri: to, state }),
})
