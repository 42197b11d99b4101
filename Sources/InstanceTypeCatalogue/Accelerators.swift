// What an instance type has beside its processors: GPUs, FPGAs, chips for inference and for media.
// Spelt as requirements name them. Source: EC2 API Reference, "InstanceRequirements".

package struct Accelerator: Sendable, Equatable {
    package enum Kind: String, Sendable, CaseIterable { case gpu, fpga, inference, media }
    package let kind: Kind
    /// `nvidia`, `amazon-web-services`
    package let manufacturer: String
    /// `a10g`, `inferentia2`
    package let name: String
    /// A share of one counts as one.
    package let count: Int
    /// Of each.
    package let memoryMiB: Int
    package var totalMemoryMiB: Int { count * memoryMiB }
}

extension Accelerator {
    /// As the catalogue spells makers and names, a maker that is not told being AWS.
    init(kind: Kind, maker: String?, title: String, count: Int, memoryMiB: Int) {
        self.kind = kind
        manufacturer = maker.map { $0 == "AWS" ? "amazon-web-services" : $0.lowercased() } ?? "amazon-web-services"
        // An FPGA is told by its chip: `Virtex UltraScale+ (VU47P)` is `vu47p`.
        let chip = title.split(separator: "(").last.map { $0.prefix { $0 != ")" } } ?? title[...]
        name = chip.lowercased().split(separator: " ").joined(separator: "-")
        (self.count, self.memoryMiB) = (max(1, count), memoryMiB)
    }
}
