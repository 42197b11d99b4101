// What a guest's screen shows: a picture of its display, or of its serial console's text where it has none (decision 0040).

internal import Backends
package import CloudTypes
package import NodeContract
internal import Pictures

extension LocalNode {
    /// Beside all that the node does: a picture takes a while to be written.
    package nonisolated func screenshot(
        of instance: InstanceID, wakingUp: Bool
    ) async throws(NodeError) -> [UInt8] {
        let (pixmap, console): ([UInt8]?, ConsoleOutput?)
        do {
            pixmap = try await hypervisor.screen(of: instance, wakingUp: wakingUp)
            console = pixmap == nil ? try await hypervisor.consoleOutput(of: instance) : nil
        } catch {
            throw NodeError(error)
        }
        guard let pixmap else { return TextScreen(console?.bytes ?? []).picture.jpeg }
        guard let picture = Picture(pixmap: pixmap) else {
            throw .hostFailed("the display of \(instance) gave no picture")
        }
        return picture.jpeg
    }
}
