// The keys that guests' metadata offers now: kept for as long as they are good, and for no longer than this run of ours,
// as their callers push them anew anyway (decision 0039).

internal import CloudTypes
internal import NodeContract

struct OfferedKeys: Sendable {
    private struct Offer: Sendable {
        let key: ConnectKey
        /// As the list of keys has it.
        let text: String
    }

    private var offers: [InstanceID: [Offer]] = [:]

    mutating func offer(_ key: ConnectKey, as text: String, to instance: InstanceID, now: Timestamp) {
        let good = offers[instance, default: []].filter { $0.key.expiresAt > now }
        offers[instance] = good.filter { $0.key.user != key.user || $0.key.publicKey != key.publicKey }
        offers[instance, default: []].append(Offer(key: key, text: text))
    }

    mutating func forget(_ instance: InstanceID) { offers[instance] = nil }

    /// Accounts of the guest that have keys.
    func users(of instance: InstanceID, now: Timestamp) -> [String] {
        Set(good(of: instance, now: now).map(\.key.user)).sorted()
    }

    /// nil: no key is good for the account.
    func list(for user: String, of instance: InstanceID, now: Timestamp) -> String? {
        let texts = good(of: instance, now: now).filter { $0.key.user == user }.map(\.text)
        return texts.isEmpty ? nil : texts.joined()
    }

    private func good(of instance: InstanceID, now: Timestamp) -> [Offer] {
        offers[instance, default: []].filter { $0.key.expiresAt > now }
    }
}
