// SPDX-License-Identifier: Apache-2.0
//
// Certificates for tests; each has signed itself, and nobody has its key.
//
// Thread:  constants.
#pragma once

#include <string_view>

namespace gatehouse::jose {

// CN=shop, O=Shops; from 2026-01-01 to 2027-01-01.
inline constexpr std::string_view shop_certificate = R"(-----BEGIN CERTIFICATE-----
MIIBKzCB0aADAgECAgEHMAoGCCqGSM49BAMCMB8xDTALBgNVBAMMBHNob3AxDjAM
BgNVBAoMBVNob3BzMB4XDTI2MDEwMTAwMDAwMFoXDTI3MDEwMTAwMDAwMFowHzEN
MAsGA1UEAwwEc2hvcDEOMAwGA1UECgwFU2hvcHMwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAASy/tC6Uzv2FFD3wWT/eGsyNscxvC6ehPvcRPTSZv7R2hofDgf8AVca
Rkcg6w5rObPQ04LRmjEGCSfmdtbd2chcMAoGCCqGSM49BAMCA0kAMEYCIQCISnOE
9/aymaBXGKKvi8umEYVCv44DxpEVNQDhdJB2LgIhAPKtcf4ag98IVHorSlQwITnq
QR4pJBFSeG15pEJQI3sR
-----END CERTIFICATE-----
)";
inline constexpr std::string_view shop_thumbprint = "sg_eoz1WOBTVG7hIoDWzK0npl1TqeSz7p4tvHlnxFDo";

// CN=kitchen; from 2026-01-01 to 2028-01-01.
inline constexpr std::string_view kitchen_certificate = R"(-----BEGIN CERTIFICATE-----
MIIBMDCB16ADAgECAgEIMAoGCCqGSM49BAMCMCIxEDAOBgNVBAMMB2tpdGNoZW4x
DjAMBgNVBAoMBVNob3BzMB4XDTI2MDEwMTAwMDAwMFoXDTI4MDEwMTAwMDAwMFow
IjEQMA4GA1UEAwwHa2l0Y2hlbjEOMAwGA1UECgwFU2hvcHMwWTATBgcqhkjOPQIB
BggqhkjOPQMBBwNCAATkiD/11IBIvq3HPKH2oDxeIKa6WTcsVzeJgGIMhXPb4t8f
w+2WFJW0sw+Li7jyiIGKiVFxom3PiFlBaVbN2OCmMAoGCCqGSM49BAMCA0gAMEUC
ICyBkn5s49wS251qHBO3UXTDZHQK4PFAGBZjjoShD73NAiEAh+4pKz08MhtVkakU
nPDveBOSCHDAj/+A0EeIREl9/dc=
-----END CERTIFICATE-----
)";

// CN=old; until 2021-01-01.
inline constexpr std::string_view old_certificate = R"(-----BEGIN CERTIFICATE-----
MIIBJzCBz6ADAgECAgEJMAoGCCqGSM49BAMCMB4xDDAKBgNVBAMMA29sZDEOMAwG
A1UECgwFU2hvcHMwHhcNMjAwMTAxMDAwMDAwWhcNMjEwMTAxMDAwMDAwWjAeMQww
CgYDVQQDDANvbGQxDjAMBgNVBAoMBVNob3BzMFkwEwYHKoZIzj0CAQYIKoZIzj0D
AQcDQgAE94McwONgg6vrS1y7uTy9/zfzmtvtiEi4Sg0cdK3PD6ZGMoRFKEfQVZw7
mAdE5RpyJ5coUhjqdptElGjZfkyqzzAKBggqhkjOPQQDAgNHADBEAiA677+DVlfc
3Qjo4ckm8gEU0CfhZQ4YetC8rsesVL3ewgIgD077jfMLABXoMVD9YyKuFDm4YHwO
0QRCYFBjEFnnva4=
-----END CERTIFICATE-----
)";

}  // namespace gatehouse::jose
