// SPDX-License-Identifier: Apache-2.0
//
// Fuzzes the reading of addresses and networks: no input may crash, what was read is written in one
// form that reads back as the same, and a network contains the address that it was made from.
#include "net/address.h"

namespace gatehouse::net {
namespace {

void check(std::string_view input) {
  if (const Result<Address> address = Address::parse(input)) {
    const Result<Address> again = Address::parse(address->text());
    GH_ASSERT(again && *again == *address);
  }
  const Result<Network> network = Network::parse(input);
  if (!network) return;
  const Result<Network> again = Network::parse(network->text());
  const Result<Address> base = Address::parse(input.substr(0, input.find('/')));
  GH_ASSERT(base && network->contains(*base));
  GH_ASSERT(again && again->contains(*base));
}

}  // namespace
}  // namespace gatehouse::net

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  gatehouse::net::check({reinterpret_cast<const char*>(data), size});
  return 0;
}
