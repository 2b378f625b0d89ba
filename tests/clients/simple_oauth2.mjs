// SPDX-License-Identifier: Apache-2.0
//
// simple-oauth2: plain OAuth 2.0 with a secret in the header, as many applications use it.
import { run } from './steps.mjs'
import { createHash, randomBytes } from 'node:crypto'
import oauth from 'simple-oauth2'

let config
let code
let asked
let token

function keep(made) {
  token = made
  return token.token
}

await run({
  configure({ base, id, secret, callback }) {
    config = {
      client: { id, secret },
      auth: { tokenHost: base, tokenPath: '/oauth2/token', revokePath: '/oauth2/revoke' },
    }
    const auth = { ...config.auth, authorizePath: '/oauth2/authorize' }
    code = new oauth.AuthorizationCode({ ...config, auth })
    asked = { redirect_uri: callback }
  },

  authorize({ scope }) {
    asked.code_verifier = randomBytes(32).toString('base64url')
    return code.authorizeURL({
      redirect_uri: asked.redirect_uri,
      scope,
      state: 's',
      code_challenge: createHash('sha256').update(asked.code_verifier).digest('base64url'),
      code_challenge_method: 'S256',
    })
  },

  async callback({ location }) {
    const answer = new URL(location).searchParams
    return keep(await code.getToken({ code: answer.get('code'), ...asked }))
  },

  refresh: async () => keep(await token.refresh()),
  client_credentials: async ({ scope }) =>
    keep(await new oauth.ClientCredentials(config).getToken({ scope })),
  password: async ({ username, password, scope }) =>
    keep(await new oauth.ResourceOwnerPassword(config).getToken({ username, password, scope })),
  revoke: ({ kind }) => token.revoke(kind),
})
