// SPDX-License-Identifier: Apache-2.0
#include "jose/seal.h"

#include "core/digest.h"
#include "jose/openssl.h"

namespace gatehouse::jose {

namespace {

constexpr char version = 1;
constexpr std::size_t id_size = 4;
constexpr std::size_t nonce_size = 12;
constexpr std::size_t tag_size = 16;
constexpr std::size_t head_size = 1 + id_size + nonce_size;

EVP_CIPHER* aes_256_gcm() {
  static EVP_CIPHER* cipher = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
  return cipher;
}

}  // namespace

Sealer::Sealer(const std::vector<std::string>& cluster_keys) {
  GH_ASSERT(!cluster_keys.empty());
  for (const std::string& key : cluster_keys) {
    keys_.push_back({hkdf_sha256(key, "gatehouse seal id").substr(0, id_size),
                     hkdf_sha256(key, "gatehouse seal")});
  }
}

std::string Sealer::seal(std::string_view secret, std::string_view context, Random& random) const {
  const SealKey& key = keys_.front();
  const std::string nonce = random.bytes(nonce_size);
  std::string body(secret.size() + tag_size, '\0');
  const CipherContext cipher(EVP_CIPHER_CTX_new());
  int size = 0;
  int last = 0;
  const bool done =
      EVP_EncryptInit_ex2(cipher.get(), aes_256_gcm(), octets(std::string_view(key.bytes)),
                          octets(std::string_view(nonce)), nullptr) == 1 &&
      EVP_EncryptUpdate(cipher.get(), nullptr, &size, octets(context),
                        static_cast<int>(context.size())) == 1 &&
      EVP_EncryptUpdate(cipher.get(), octets(body), &size, octets(secret),
                        static_cast<int>(secret.size())) == 1 &&
      EVP_EncryptFinal_ex(cipher.get(), octets(body) + size, &last) == 1 &&
      EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_AEAD_GET_TAG, static_cast<int>(tag_size),
                          body.data() + secret.size()) == 1;
  GH_ASSERT(done);
  return version + key.id + nonce + body;
}

Result<std::string> Sealer::open(std::string_view sealed, std::string_view context) const {
  const auto refuse = [](const char* why) {
    return fail(ErrorCode::internal, "A stored secret cannot be opened", why);
  };
  if (sealed.size() < head_size + tag_size || sealed.front() != version) {
    return refuse("not a sealed value");
  }
  const std::string_view id = sealed.substr(1, id_size);
  const std::string_view nonce = sealed.substr(1 + id_size, nonce_size);
  const std::string_view body = sealed.substr(head_size, sealed.size() - head_size - tag_size);
  std::string tag(sealed.substr(sealed.size() - tag_size));
  for (const SealKey& key : keys_) {
    if (key.id != id) continue;
    std::string secret(body.size(), '\0');
    const CipherContext cipher(EVP_CIPHER_CTX_new());
    int size = 0;
    int last = 0;
    const bool done =
        EVP_DecryptInit_ex2(cipher.get(), aes_256_gcm(), octets(std::string_view(key.bytes)),
                            octets(nonce), nullptr) == 1 &&
        EVP_DecryptUpdate(cipher.get(), nullptr, &size, octets(context),
                          static_cast<int>(context.size())) == 1 &&
        EVP_DecryptUpdate(cipher.get(), octets(secret), &size, octets(body),
                          static_cast<int>(body.size())) == 1 &&
        EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_AEAD_SET_TAG, static_cast<int>(tag_size),
                            tag.data()) == 1 &&
        EVP_DecryptFinal_ex(cipher.get(), octets(secret) + size, &last) == 1;
    if (!done) return refuse("changed, or from another place");
    return secret;
  }
  return refuse("sealed with a cluster key that is not loaded");
}

}  // namespace gatehouse::jose
