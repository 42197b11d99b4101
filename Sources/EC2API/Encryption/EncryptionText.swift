// What requests say of encryption.

import CloudTypes
import ControlPlane

extension EncryptionWish {
    /// - Throws: `InvalidKMSKey.InvalidState`, `InvalidParameterValue`.
    init(_ isEncrypted: Bool?, key: String?, in transaction: Transaction) throws(EC2Error) {
        self.init(
            isEncrypted: isEncrypted,
            key: try key.map { (text) throws(EC2Error) in
                try KeyName(text, of: transaction.account, in: transaction.settings.region)
            })
    }
}
