// LibTorch's headers are C++; the module exists for its compiler flags.
