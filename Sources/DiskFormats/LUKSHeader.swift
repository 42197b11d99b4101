// What opens a file's clusters, as LUKS has it: a random key, in one of eight slots, sealed by a passphrase. Written here,
// since the tool measures for seconds how slowly it could derive a key from a passphrase that is random already.
// Follows: "LUKS1 On-Disk Format Specification", version 1.2.3; the layout is QEMU's, the cipher AES-256 in XTS mode.

import Crypto
import CryptoExtras
import FoundationEssentials
import Glibc

package struct LUKSHeader {
    private static let sectorBytes = 512
    private static let stripes = 4_000
    private static let slots = 8
    /// AES-256 twice.
    private static let keyBytes = 64
    /// The least that is allowed: nobody can guess a passphrase of 256 random bits.
    private static let rounds = 1_000
    private static let firstSlot = 8
    /// Stripes of a key, to whole pages.
    private static let slotSectors = 504
    private static let payloadSector = firstSlot + slots * slotSectors

    /// As they stand in the file, of which most is zeros.
    package let bytes: [UInt8]

    /// A key that nobody else has, and never had.
    ///
    /// - Parameter passphrase: 256 random bits, as text.
    package init(passphrase: [UInt8]) throws {
        let key = LUKSHeader.random(LUKSHeader.keyBytes)
        let (slotSalt, digestSalt) = (LUKSHeader.random(32), LUKSHeader.random(32))
        let digest = try LUKSHeader.derive(key, digestSalt, count: 20)
        let opener = try LUKSHeader.derive(passphrase, slotSalt, count: LUKSHeader.keyBytes)
        var material = LUKSHeader.split(key)
        try XTS(key: opener).encrypt(&material, sectorBytes: LUKSHeader.sectorBytes)
        var bytes = [UInt8](repeating: 0, count: LUKSHeader.payloadSector * LUKSHeader.sectorBytes)
        let header = LUKSHeader.header(digest: digest, digestSalt: digestSalt, slotSalt: slotSalt)
        bytes.replaceSubrange(..<header.count, with: header)
        let start = LUKSHeader.firstSlot * LUKSHeader.sectorBytes
        bytes.replaceSubrange(start..<start + material.count, with: material)
        self.bytes = bytes
    }

    private static func header(digest: [UInt8], digestSalt: [UInt8], slotSalt: [UInt8]) -> [UInt8] {
        var header = BigEndianBytes(Array("LUKS".utf8) + [0xba, 0xbe])
        header.append(1, width: 2)
        for name in ["aes", "xts-plain64", "sha256"] { header.append(name, width: 32) }
        header.append(UInt64(payloadSector), width: 4)
        header.append(UInt64(keyBytes), width: 4)
        header.bytes += digest + digestSalt
        header.append(UInt64(rounds), width: 4)
        header.append(UUID().uuidString.lowercased(), width: 40)
        for slot in 0..<slots {
            header.append(slot == 0 ? 0x00ac_71f3 : 0x0000_dead, width: 4)  // in use, or not
            header.append(slot == 0 ? UInt64(rounds) : 0, width: 4)
            header.bytes += slot == 0 ? slotSalt : [UInt8](repeating: 0, count: 32)
            header.append(UInt64(firstSlot + slot * slotSectors), width: 4)
            header.append(UInt64(stripes), width: 4)
        }
        return header.bytes
    }

    private static func derive(_ secret: [UInt8], _ salt: [UInt8], count: Int) throws -> [UInt8] {
        try KDF.Insecure.PBKDF2.deriveKey(
            from: secret, salt: salt, using: .sha256, outputByteCount: count, unsafeUncheckedRounds: rounds
        ).withUnsafeBytes { Array($0) }
    }

    /// The key as so many bytes that all of them are needed to have it again.
    private static func split(_ key: [UInt8]) -> [UInt8] {
        var material = random(keyBytes * (stripes - 1))
        var mixed = [UInt8](repeating: 0, count: keyBytes)
        for start in stride(from: 0, to: material.count, by: keyBytes) {
            for place in 0..<keyBytes { mixed[place] ^= material[start + place] }
            mixed = diffused(mixed)
        }
        for place in 0..<keyBytes { material.append(mixed[place] ^ key[place]) }
        return material
    }

    private static func diffused(_ bytes: [UInt8]) -> [UInt8] {
        stride(from: 0, to: bytes.count, by: 32).flatMap { start in
            var hash = SHA256()
            hash.update(data: [0, 0, 0, UInt8(start / 32)])
            hash.update(data: bytes[start..<start + 32])
            return Array(hash.finalize())
        }
    }

    private static func random(_ count: Int) -> [UInt8] {
        SymmetricKey(size: SymmetricKeySize(bitCount: 8 * count)).withUnsafeBytes { Array($0) }
    }
}

/// AES-256 in XTS mode over sectors that are numbered from 0.
/// Follows: IEEE 1619-2007.
struct XTS {
    private let data: SymmetricKey
    private let tweak: SymmetricKey

    /// - Parameter key: 64 bytes, of which the second half is for the tweaks.
    init(key: [UInt8]) {
        data = SymmetricKey(data: key.prefix(32))
        tweak = SymmetricKey(data: key.suffix(32))
    }

    /// - Parameter bytes: whole sectors.
    func encrypt(_ bytes: inout [UInt8], sectorBytes: Int) throws {
        for start in stride(from: 0, to: bytes.count, by: sectorBytes) {
            let number = UInt64(start / sectorBytes)
            var factor = try XTS.permuted(SIMD2(number.littleEndian, 0), by: tweak)
            for place in stride(from: start, to: start + sectorBytes, by: 16) {
                let block = bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: place, as: SIMD2<UInt64>.self) }
                let sealed = try XTS.permuted(block ^ factor, by: data) ^ factor
                bytes.withUnsafeMutableBytes { $0.storeBytes(of: sealed, toByteOffset: place, as: SIMD2<UInt64>.self) }
                XTS.double(&factor)
            }
        }
    }

    private static func permuted(_ block: SIMD2<UInt64>, by key: SymmetricKey) throws -> SIMD2<UInt64> {
        var block = block
        try withUnsafeMutableBytes(of: &block) { bytes in
            var bytes = bytes
            try AES.permute(&bytes, key: key)
        }
        return block
    }

    /// Times 2 in the field of 128 bits, of which the lowest stands first.
    private static func double(_ factor: inout SIMD2<UInt64>) {
        let (low, high) = (UInt64(littleEndian: factor[0]), UInt64(littleEndian: factor[1]))
        let reduction: UInt64 = high >> 63 == 0 ? 0 : 0x87
        factor = SIMD2((low << 1 ^ reduction).littleEndian, (high << 1 | low >> 63).littleEndian)
    }
}
