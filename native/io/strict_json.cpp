#include "io/strict_json.h"

#include <vector>

#include "core/error.h"
#include "io/file_names.h"

namespace rankwise {
namespace {

using nlohmann::json;

constexpr size_t kMostLevels = 64;
constexpr size_t kMostValues = 2'000'000;

// Builds the document while it watches for what nlohmann's own builder lets pass: repeated keys, depth, number of values.
class Builder : public nlohmann::json_sax<json> {
 public:
  bool null() override { return add(nullptr); }
  bool boolean(bool value) override { return add(value); }
  bool number_integer(number_integer_t value) override { return add(value); }
  bool number_unsigned(number_unsigned_t value) override { return add(value); }
  bool number_float(number_float_t value, const string_t&) override { return add(value); }
  bool string(string_t& value) override { return add(std::move(value)); }
  bool binary(binary_t&) override { return refuse("holds binary data"); }
  bool start_object(std::size_t) override { return open(json::object()); }
  bool start_array(std::size_t) override { return open(json::array()); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }

  bool key(string_t& name) override {
    auto [place, fresh] = open_.back()->get_ref<json::object_t&>().emplace(name, nullptr);
    if (!fresh) return refuse("has the key " + quote_name(name) + " twice in one object");
    slot_ = &place->second;
    return true;
  }

  // The parser's own message may quote bytes that are no UTF-8, so only the place is told.
  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception&) override {
    return refuse("is not valid JSON at byte " + std::to_string(position));
  }

  const std::string& fault() const { return fault_; }
  json take() { return std::move(root_); }

 private:
  bool refuse(const std::string& fault) {
    fault_ = fault;
    return false;
  }

  json* place(json value) {
    if (open_.empty()) {
      root_ = std::move(value);
      return &root_;
    }
    if (open_.back()->is_array()) {
      auto& items = open_.back()->get_ref<json::array_t&>();
      items.push_back(std::move(value));
      return &items.back();
    }
    *slot_ = std::move(value);
    return slot_;
  }

  bool add(json value) {
    if (++values_ > kMostValues) return refuse("holds more than 2 million values");
    place(std::move(value));
    return true;
  }

  bool open(json value) {
    if (++values_ > kMostValues) return refuse("holds more than 2 million values");
    if (open_.size() == kMostLevels) return refuse("is nested more than 64 levels deep");
    open_.push_back(place(std::move(value)));
    return true;
  }

  bool close() {
    open_.pop_back();
    return true;
  }

  json root_;
  std::vector<json*> open_;  // the path to the value being read: an array does not grow while one of its items is open
  json* slot_ = nullptr;     // where the value of the key just read goes
  size_t values_ = 0;
  std::string fault_;
};

}  // namespace

json parse_strict_json(std::string_view text, const std::string& what, const std::string& code, const std::string& hint) {
  // The parser takes a nul byte for the end and would pass over what follows.
  if (text.find('\0') != std::string_view::npos) fail(code, what + " holds a nul byte.", hint);
  Builder builder;
  if (!json::sax_parse(text.begin(), text.end(), &builder)) fail(code, what + " " + builder.fault() + ".", hint);
  return builder.take();
}

}  // namespace rankwise
