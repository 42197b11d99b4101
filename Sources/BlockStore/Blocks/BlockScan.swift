// Looking at a block's bytes without keeping anything.

import CBlockCoding

package enum BlockScan {
    /// Whether all bytes are zeros; as fast as memory can be read, and no slower than the first other byte.
    package static func isZero(_ bytes: UnsafeRawBufferPointer) -> Bool {
        bytes.baseAddress.map { apus_is_zero($0, bytes.count) != 0 } ?? true
    }
}
