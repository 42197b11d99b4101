// `--quota NAME=COUNT`: the operator's own bounds in place of AWS's defaults for new accounts.

import ArgumentParser
import ControlPlane

struct QuotaOverride: ExpressibleByArgument, Sendable {
    let name: String
    let count: Int

    static var names: String { QuotaEntry.all.map(\.name).joined(separator: ", ") }

    /// nil for an unknown name or what is no count from 0 to 10,000,000.
    init?(argument: String) {
        let parts = argument.split(separator: "=", omittingEmptySubsequences: false)
        guard parts.count == 2, let count = Int(parts[1]), (0...10_000_000).contains(count) else { return nil }
        let name = String(parts[0])
        guard QuotaEntry.all.contains(where: { $0.name == name }) else { return nil }
        (self.name, self.count) = (name, count)
    }

    func apply(to quotas: inout CloudSettings.Quotas) {
        for entry in QuotaEntry.all where entry.name == name { quotas[keyPath: entry.bound] = count }
    }
}
