// SPDX-License-Identifier: Apache-2.0
//
// Starts oidc-provider on a free port of the loopback and prints {"issuer"} once it answers.
// Who knows the initial access token may register clients. JWTs carry roles in a claim of their own.
// Tokens for the resource urn:jwt are JWTs, those for urn:opaque mean nothing by themselves.
import { createServer } from 'node:http'
import Provider from 'oidc-provider'

const client = (id) => ({
  client_id: id,
  client_secret: `secret-of-${id}`,
  grant_types: ['client_credentials'],
  redirect_uris: [],
  response_types: [],
})

const server = createServer()
server.listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`
  const provider = new Provider(issuer, {
    clients: [client('shop'), client('stranger'), client('gateway')],
    extraTokenClaims: () => ({ realm: { roles: ['menu:write'] } }),
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      introspection: { enabled: true },
      revocation: { enabled: true },
      registration: { enabled: true, initialAccessToken: 'initial-access-token' },
      registrationManagement: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_context, resource) => ({
          scope: 'menu:read menu:write',
          audience: resource,
          accessTokenTTL: 600,
          accessTokenFormat: resource === 'urn:jwt' ? 'jwt' : 'opaque',
        }),
      },
    },
  })
  server.on('request', provider.callback())
  process.stdout.write(`${JSON.stringify({ issuer })}\n`)
})
