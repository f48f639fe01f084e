enum Version {
    static let text = "0.1.0"
    /// In which it was released; a clock that shows an earlier one is wrong.
    static let year = 2026
}
