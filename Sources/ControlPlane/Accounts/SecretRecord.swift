// Secrets of the cloud's own, with which it knows again what it gave out.

package import CloudTypes

package struct SecretRecord: CloudRecord {
    package static let kind = "secret"
    package static let table: TablePath<Self> = \.secrets
    /// What it is for: `block-tokens`.
    package var id: String
    package var account: AccountID
    /// 32 of them.
    package var bytes: [UInt8]
}

extension Cloud {
    /// The secret for a purpose; made when it is first asked for, by whomever.
    package func secret(for purpose: String, asking caller: Caller) async throws(EC2Error) -> [UInt8] {
        if let kept = records.secrets[purpose] { return kept.bytes }
        return try await transact(as: caller) { transaction throws(EC2Error) in
            if let kept = transaction.state.secrets[purpose] { return kept.bytes }
            let bytes = transaction.draw { generator in
                (0..<32).map { _ in UInt8.random(in: 0...255, using: &generator) }
            }
            transaction.put(SecretRecord(id: purpose, account: transaction.account, bytes: bytes))
            return bytes
        }
    }
}
