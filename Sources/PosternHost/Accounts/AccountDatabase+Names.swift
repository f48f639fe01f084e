extension AccountDatabase {
    /// - Returns: nil for a number that is nobody's.
    package static func userName(_ number: UInt32) -> String? { entry(of: number)?.name }
}
