#include "Bridge.h"

#include <climits>

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <c10/core/CachingDeviceAllocator.h>
#include <torch/headeronly/version.h>

#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace {

at::Generator generator(int type, int index) {
  return at::globalContext().defaultGenerator(
      c10::Device(static_cast<c10::DeviceType>(type), static_cast<c10::DeviceIndex>(index)));
}

// A training step frees and allocates the same large buffers again and again. glibc would give each back to the system
// and have it cleared page by page the next time; kept, it is used again at once.
void keepFreedMemory() {
#ifdef __GLIBC__
  mallopt(M_MMAP_MAX, 0);
  mallopt(M_TRIM_THRESHOLD, INT_MAX);
#endif
}

CTStatus memory(int type, int index, CTMemory *out) {
  return bridge::guard("memory", [&] {
    auto *allocator = at::getDeviceAllocator(static_cast<c10::DeviceType>(type));
    auto stats = allocator->getDeviceStats(static_cast<c10::DeviceIndex>(index));
    *out = {stats.allocated_bytes[0].current, stats.allocated_bytes[0].peak, stats.reserved_bytes[0].current,
            stats.reserved_bytes[0].peak};
  });
}

}  // namespace

void bridge::fillDevices(CTorchAPI &api) {
  api.torch_version = [] { return TORCH_VERSION; };
  api.last_error = [] { return error().c_str(); };
  api.get_threads = [] { return at::get_num_threads(); };
  api.set_threads = [](int count) { at::set_num_threads(count); };
  api.cpu_capability = [] {
    static const std::string name = at::get_cpu_capability();
    return name.c_str();
  };
  api.set_deterministic = [](bool enabled) { at::globalContext().setDeterministicAlgorithms(enabled, false); };
  api.set_deterministic_cpu = [](bool enabled) { at::globalContext().setDeterministicMkldnn(enabled); };
  api.seed = [](uint64_t seed) { return guard("seed", [&] { at::manual_seed(seed); }); };
  api.random_state = [](int type, int index, CTTensor *out) {
    return guard("random state", [&] { *out = give(generator(type, index).get_state()); });
  };
  api.set_random_state = [](int type, int index, CTTensor state) {
    return guard("random state", [&] { generator(type, index).set_state(borrow(state)); });
  };
  api.cuda_count = [] { return at::hasCUDA() ? static_cast<int>(at::detail::getCUDAHooks().deviceCount()) : 0; };
  api.mps_available = [] { return at::hasMPS(); };
  api.synchronize = [](int type, int index) {
    return guard("synchronize", [&] {
      if (static_cast<c10::DeviceType>(type) == c10::kCUDA) at::detail::getCUDAHooks().deviceSynchronize(index);
      if (static_cast<c10::DeviceType>(type) == c10::kMPS) at::detail::getMPSHooks().deviceSynchronize();
    });
  };
  api.memory = memory;
}

extern "C" __attribute__((visibility("default"))) const CTorchAPI *ctorch_api(int abi) {
  if (abi != CT_ABI) return nullptr;
  static const CTorchAPI table = [] {
    keepFreedMemory();
    CTorchAPI api{};
    bridge::fillOperators(api);
    bridge::fillTensors(api);
    bridge::fillAutograd(api);
    bridge::fillDevices(api);
    return api;
  }();
  return &table;
}
