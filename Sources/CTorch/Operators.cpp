#include "Bridge.h"

#include <ATen/core/jit_type.h>
#include <ATen/core/List.h>

namespace {

// Stands for "take the schema's default" among the arguments; no operator takes a capsule.
c10::IValue defaultMarker() {
  return c10::IValue::make_capsule(c10::make_intrusive<torch::CustomClassHolder>());
}

const CTOperator *find(const char *name, const char *overload) {
  auto schema = c10::Dispatcher::singleton().findSchema({name, overload});
  if (!schema) {
    bridge::error() = std::string("LibTorch has no operator ") + name + (*overload ? "." : "") + overload;
    return nullptr;
  }
  auto *found = new CTOperator{*schema, {}, {}};
  const auto &arguments = schema->schema().arguments();
  for (size_t i = 0; i < arguments.size(); ++i) {
    found->defaults.push_back(arguments[i].default_value());
    auto type = arguments[i].type();
    if (auto optional = type->cast<c10::OptionalType>()) type = optional->getElementType();
    if (type->kind() == c10::TypeKind::FloatType) found->floats.push_back(i);
  }
  return found;
}

CTStack *stack() {
  thread_local CTStack own;
  return &own;
}

void complete(const CTOperator *op, torch::jit::Stack &values) {
  const size_t expected = op->defaults.size();
  TORCH_CHECK(values.size() <= expected, "takes ", expected, " arguments, got ", values.size());
  for (auto &value : values) {
    if (C10_UNLIKELY(value.isCapsule())) {
      const size_t i = &value - values.data();
      TORCH_CHECK(op->defaults[i], "argument ", i, " has no default");
      value = *op->defaults[i];
    }
  }
  while (values.size() < expected) {
    const auto &missing = op->defaults[values.size()];
    TORCH_CHECK(
        missing, "argument '", op->handle.schema().arguments()[values.size()].name(), "' is missing");
    values.push_back(*missing);
  }
  for (size_t i : op->floats) {
    if (values[i].isInt()) values[i] = static_cast<double>(values[i].toInt());
  }
}

std::string describeCall(const CTOperator *op, const torch::jit::Stack &values) {
  std::string text = toString(op->handle.operator_name()) + "(";
  for (size_t i = 0; i < values.size(); ++i) {
    if (i) text += ", ";
    text += bridge::describe(values[i]);
  }
  return text + ")";
}

CTStatus call(const CTOperator *op, CTStack *stack) {
  auto &values = stack->values;
  try {
    if (C10_UNLIKELY(stack->poisoned)) {
      stack->poisoned = false;
      TORCH_CHECK(false, "an argument is undefined: the operator that should have made it failed");
    }
    complete(op, values);
    op->handle.callBoxed(values);
    return CT_OK;
  } catch (const std::exception &exception) {
    const CTStatus status = bridge::fail(exception, describeCall(op, values));
    values.clear();
    return status;
  }
}

c10::List<at::Tensor> tensorList(CTStack *stack, const CTTensor *handles, size_t count) {
  c10::List<at::Tensor> list;
  list.reserve(count);
  for (size_t i = 0; i < count; ++i) {
    stack->poisoned |= !handles[i];
    list.push_back(bridge::borrow(handles[i]));
  }
  return list;
}

c10::List<std::optional<at::Tensor>> optionalTensorList(const CTTensor *handles, size_t count) {
  c10::List<std::optional<at::Tensor>> list;
  list.reserve(count);
  for (size_t i = 0; i < count; ++i) {
    if (handles[i]) list.push_back(bridge::borrow(handles[i]));
    else list.push_back(std::nullopt);
  }
  return list;
}

}  // namespace

void bridge::fillOperators(CTorchAPI &api) {
  api.find = find;
  api.stack = stack;
  api.push_none = [](CTStack *s) { s->values.emplace_back(); };
  api.push_default = [](CTStack *s) { s->values.push_back(defaultMarker()); };
  api.push_tensor = [](CTStack *s, CTTensor t) {
    s->poisoned |= !t;
    s->values.emplace_back(borrow(t));
  };
  api.push_int = [](CTStack *s, int64_t v) { s->values.emplace_back(v); };
  api.push_double = [](CTStack *s, double v) { s->values.emplace_back(v); };
  api.push_bool = [](CTStack *s, bool v) { s->values.emplace_back(v); };
  api.push_string = [](CTStack *s, const char *v, size_t n) { s->values.emplace_back(std::string(v, n)); };
  api.push_ints = [](CTStack *s, const int64_t *v, size_t n) { s->values.emplace_back(at::IntArrayRef(v, n)); };
  api.push_doubles = [](CTStack *s, const double *v, size_t n) {
    s->values.emplace_back(c10::List<double>(at::ArrayRef<double>(v, n)));
  };
  api.push_bools = [](CTStack *s, const bool *v, size_t n) {
    s->values.emplace_back(c10::List<bool>(at::ArrayRef<bool>(v, n)));
  };
  api.push_tensors = [](CTStack *s, const CTTensor *v, size_t n) { s->values.emplace_back(tensorList(s, v, n)); };
  api.push_optional_tensors = [](CTStack *s, const CTTensor *v, size_t n) {
    s->values.emplace_back(optionalTensorList(v, n));
  };
  api.push_device = [](CTStack *s, int type, int index) {
    s->values.emplace_back(c10::Device(static_cast<c10::DeviceType>(type), static_cast<c10::DeviceIndex>(index)));
  };
  api.call = call;
  api.result_count = [](const CTStack *s) { return s->values.size(); };
  api.take_tensor = [](CTStack *s, size_t i) { return give(std::move(s->values[i]).toTensor()); };
  api.take_int = [](CTStack *s, size_t i) { return s->values[i].toInt(); };
  api.take_double = [](CTStack *s, size_t i) { return s->values[i].toScalar().toDouble(); };
  api.take_bool = [](CTStack *s, size_t i) { return s->values[i].toBool(); };
  api.tensor_list_count = [](const CTStack *s, size_t i) { return s->values[i].toTensorList().size(); };
  api.take_tensor_list = [](CTStack *s, size_t i, CTTensor *out) {
    for (const at::Tensor &tensor : s->values[i].toTensorVector()) *out++ = give(tensor);
  };
  api.clear = [](CTStack *s) { s->values.clear(); };
}
