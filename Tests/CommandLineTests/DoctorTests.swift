import Testing

@Suite struct DoctorTests {
    @Test func missingLibTorch() throws {
        let result = try Tool.run("doctor", environment: ["LIBTORCH": "/no/such/folder"])
        #expect(result.status == 65)
        #expect(result.output.contains("✗  LibTorch"))
        #expect(result.output.contains("/no/such/folder/lib/libc10"))
        #expect(
            result.output.contains("LibTorch: let LIBTORCH name a folder that holds lib/ and include/, or unset it and run scripts/setup"))
        #expect(result.output.contains("✓  JPEG"))
        #expect(result.output.contains("✓  PNG"))
    }

    /// What needs no tensors works without LibTorch.
    @Test func configWithoutLibTorch() throws {
        let environment = ["LIBTORCH": "/no/such/folder"]
        #expect(try Tool.run("config", "show", "Recipes/camvid/kd.yaml", environment: environment).status == 0)
        #expect(try Tool.run("parity", "loss", "kd", "--describe", environment: environment).status == 0)
    }
}
