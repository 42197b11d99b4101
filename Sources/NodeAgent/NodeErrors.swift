// Backends' errors in the words of the node contract, once.

internal import Backends
internal import NodeContract

extension NodeError {
    init(_ error: HypervisorError) {
        switch error {
        case .noSuchGuest(let id): self = .noSuchGuest(id)
        case .unavailable(let text), .hostFailed(let text): self = .hostFailed(text)
        case .noGPU(let id): self = .insufficientCapacity("no GPU is left for \(id)")
        case .launchFailed(let id, let text): self = .hostFailed("\(id) could not be launched: \(text)")
        case .instanceStoreLost(let id): self = .instanceStoreLost(id)
        case .monitorFailed(let id, let text): self = .hostFailed("the monitor of \(id) failed: \(text)")
        }
    }

    init(_ error: VolumeBackendError) {
        switch error {
        case .noSuchSnapshot(let id): self = .noSuchSnapshot(id)
        case .noSpace(let text): self = .insufficientCapacity(text)
        case .noSuchVolume, .baseInUse, .unreadableImage, .commandFailed, .hostFailed: self = .hostFailed("\(error)")
        }
    }

    init(_ error: NetworkFabricError) { self = .hostFailed("\(error)") }
}
