/// The reliability curve with what is read off it.
public struct Calibration: Sendable, Equatable, Codable {
    /// Expected calibration error, a fraction; nil without pixels.
    public var expectedError: Double?
    /// Mean confidence minus accuracy: above 0 the network is surer than it is right.
    public var overconfidence: Double?
    public var reliability: Reliability

    public init(_ reliability: Reliability) {
        self.reliability = reliability
        expectedError = reliability.expectedError
        overconfidence = reliability.overconfidence
    }
}
