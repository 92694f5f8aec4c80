#include <string>
using namespace std;
using std::vector;
namespace app {
class Store : public Base {
public:
    explicit Store(int n) : size(n) { data = new char[n]; }
    ~Store() { delete[] data; }
    static Store *make() { return new Store(3); }
    string get(const string &key) const;
    int size = 0;
private:
    char *data;
};
string Store::get(const string &key) const { return data + key + R"(raw\n)"; }
template <typename T> T first(vector<T> &all) {
    for (auto &x : all) { return x; }
    auto f = [&](int a) { return a + 1; };
    try { throw runtime_error("x"); } catch (const exception &e) { log(e.what()); } catch (...) {}
    if (auto p = all.begin(); p != all.end()) return static_cast<T>(*p);
    auto [a, b] = pair();
    std::map<string, int>::iterator it;
    string s(10, 'c');
    return nullptr;
}
}
