#include "Bridge.h"

#include <c10/util/Exception.h>
#include <new>

namespace bridge {

std::string &error() {
  thread_local std::string message;
  return message;
}

std::string describe(const c10::IValue &value) {
  if (value.isTensor()) {
    const at::Tensor &tensor = value.toTensor();
    if (!tensor.defined()) return "undefined";
    std::ostringstream text;
    text << c10::toString(tensor.scalar_type()) << tensor.sizes();
    if (!tensor.device().is_cpu()) text << " on " << tensor.device();
    return text.str();
  }
  if (value.isTensorList()) {
    std::string text = "[";
    size_t shown = 0;
    for (const at::Tensor &tensor : value.toTensorVector()) {
      if (shown) text += ", ";
      if (shown++ == 6) return text + "…]";
      text += describe(tensor);
    }
    return text + "]";
  }
  if (value.isNone()) return "none";
  std::ostringstream text;
  text << value;
  return text.str();
}

static bool isOutOfMemory(const std::exception &exception, const std::string &message) {
  if (dynamic_cast<const c10::OutOfMemoryError *>(&exception)) return true;
  if (dynamic_cast<const std::bad_alloc *>(&exception)) return true;
  return message.find("DefaultCPUAllocator: ") != std::string::npos &&
         message.find("memory") != std::string::npos;
}

CTStatus fail(const std::exception &exception, const std::string &context) {
  const auto *torchError = dynamic_cast<const c10::Error *>(&exception);
  std::string message = torchError ? torchError->what_without_backtrace() : exception.what();
  error() = context + ": " + message;
  return isOutOfMemory(exception, message) ? CT_OUT_OF_MEMORY : CT_ERROR;
}

}  // namespace bridge
