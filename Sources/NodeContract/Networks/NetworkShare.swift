// What a network interface may carry.

package struct NetworkShare: Sendable, Hashable, Codable {
    /// Bits a second in each direction, for good.
    package var baseline: Int
    /// Bits a second while there are credits.
    package var peak: Int
    package init(baseline: Int, peak: Int) { (self.baseline, self.peak) = (baseline, max(baseline, peak)) }
}
