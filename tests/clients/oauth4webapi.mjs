// SPDX-License-Identifier: Apache-2.0
//
// oauth4webapi, on nothing but fetch and Web Crypto, as one client of the server of a test.
import { run } from './steps.mjs'
import * as oauth from 'oauth4webapi'

let server
let client
let proof // of itself, at the endpoints
let keys // for DPoP
let asked
let tokens
let device

const bound = (dpop) => (dpop ? { DPoP: oauth.DPoP(client, keys) } : {})

// The ID token's signature is checked too, which the library leaves to who wants it.
async function keep(response, process, options) {
  tokens = await process(server, client, response, options)
  if (tokens.id_token) await oauth.validateApplicationLevelSignature(server, response)
  return { ...tokens, claims: oauth.getValidatedIdTokenClaims(tokens) ?? null }
}

await run({
  async discover({ url }) {
    const issuer = new URL(url)
    const response = await oauth.discoveryRequest(issuer)
    server = await oauth.processDiscoveryResponse(issuer, response)
    // The form of RFC 8414 says the same.
    const other = await oauth.discoveryRequest(issuer, { algorithm: 'oauth2' })
    const same = await oauth.processDiscoveryResponse(issuer, other)
    if (JSON.stringify(same) !== JSON.stringify(server)) throw new Error('two servers')
    keys = await oauth.generateKeyPair('ES256')
    return server
  },

  async register({ metadata, token, signing }) {
    const own = await oauth.generateKeyPair('ES256', { extractable: true })
    const jwk = { ...(await crypto.subtle.exportKey('jwk', own.publicKey)), kid: 'one' }
    const { key_ops: _, ext: __, ...plain } = jwk
    const response = await oauth.dynamicClientRegistrationRequest(
      server,
      { ...metadata, ...(signing ? { jwks: { keys: [{ ...plain, alg: 'ES256' }] } } : {}) },
      { initialAccessToken: token },
    )
    client = await oauth.processDynamicClientRegistrationResponse(response)
    proof = signing
      ? oauth.PrivateKeyJwt({ key: own.privateKey, kid: 'one' })
      : oauth.ClientSecretBasic(client.client_secret)
    return client
  },

  async authorize({ scope, push, dpop, ...more }) {
    asked = {
      verifier: oauth.generateRandomCodeVerifier(),
      state: oauth.generateRandomState(),
      nonce: oauth.generateRandomNonce(),
      dpop,
    }
    const parameters = new URLSearchParams({
      client_id: client.client_id,
      redirect_uri: client.redirect_uris[0],
      response_type: 'code',
      scope,
      state: asked.state,
      nonce: asked.nonce,
      code_challenge: await oauth.calculatePKCECodeChallenge(asked.verifier),
      code_challenge_method: 'S256',
      ...more,
    })
    const url = new URL(server.authorization_endpoint)
    url.search = parameters
    if (!push) return url.href
    const response = await oauth.pushedAuthorizationRequest(
      server, client, proof, parameters, bound(dpop))
    const pushed = await oauth.processPushedAuthorizationResponse(server, client, response)
    url.search = new URLSearchParams(
      { client_id: client.client_id, request_uri: pushed.request_uri })
    return url.href
  },

  async callback({ location }) {
    const { verifier, state, nonce, dpop } = asked
    const answer = oauth.validateAuthResponse(server, client, new URL(location), state)
    const response = await oauth.authorizationCodeGrantRequest(
      server, client, proof, answer, client.redirect_uris[0], verifier, bound(dpop))
    return keep(response, oauth.processAuthorizationCodeResponse,
      { expectedNonce: nonce, requireIdToken: true })
  },

  async refresh({ token, dpop }) {
    const response = await oauth.refreshTokenGrantRequest(
      server, client, proof, token ?? tokens.refresh_token, bound(dpop))
    return keep(response, oauth.processRefreshTokenResponse)
  },

  async client_credentials({ dpop }) {
    const response = await oauth.clientCredentialsGrantRequest(
      server, client, proof, {}, bound(dpop))
    return keep(response, oauth.processClientCredentialsResponse)
  },

  async user_info({ dpop }) {
    const response = await oauth.userInfoRequest(
      server, client, tokens.access_token, bound(dpop))
    const { sub } = oauth.getValidatedIdTokenClaims(tokens)
    return oauth.processUserInfoResponse(server, client, sub, response)
  },

  async introspect({ token }) {
    const response = await oauth.introspectionRequest(server, client, proof, token)
    return oauth.processIntrospectionResponse(server, client, response)
  },

  async revoke({ token }) {
    const response = await oauth.revocationRequest(server, client, proof, token)
    await oauth.processRevocationResponse(response)
  },

  async device({ scope }) {
    const response = await oauth.deviceAuthorizationRequest(server, client, proof, { scope })
    device = await oauth.processDeviceAuthorizationResponse(server, client, response)
    return { user_code: device.user_code, uri: device.verification_uri_complete }
  },

  async poll() {
    const response = await oauth.deviceCodeGrantRequest(server, client, proof, device.device_code)
    return keep(response, oauth.processDeviceCodeResponse)
  },

  // The library throws at a 401 that says why; without one it gives the answer as it is.
  async fetch({ url, dpop }) {
    try {
      const response = await oauth.protectedResourceRequest(
        tokens.access_token, 'GET', new URL(url), undefined, undefined, bound(dpop))
      return response.status
    } catch (error) {
      if (error instanceof oauth.WWWAuthenticateChallengeError) return error.status
      throw error
    }
  },

  // It has no word for logout: an address of the metadata, and parameters.
  async logout({ to, state }) {
    const url = new URL(server.end_session_endpoint)
    url.search = new URLSearchParams(
      { id_token_hint: tokens.id_token, post_logout_redirect_uri: to, state })
    return url.href
  },
})
