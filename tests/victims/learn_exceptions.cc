// Exceptions through several frames, of a thread too, and one that nobody expects.
#include <cstdio>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

static int deep(int depth)
{
    std::string kept(100, 'x');

    if (depth == 0)
        throw std::runtime_error("thrown from below");
    return deep(depth - 1) + static_cast<int>(kept.size());
}

int main()
{
    std::vector<std::string> told(2);

    try {
        deep(20);
    } catch (const std::exception &error) {
        told[0] = error.what();
    }
    std::thread([&] {
        try {
            told.at(7);
        } catch (const std::out_of_range &) {
            told[1] = "out of range";
        }
    }).join();
    std::printf("%s, %s\n", told[0].c_str(), told[1].c_str());
}
