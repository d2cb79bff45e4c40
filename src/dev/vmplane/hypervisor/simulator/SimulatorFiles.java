package dev.vmplane.hypervisor.simulator;

import java.nio.file.Path;

/** Where the simulator of one state directory is found. */
public record SimulatorFiles(Path stateDir) {

    /** Its control socket. */
    public Path socket() {
        return stateDir.resolve("sim.sock");
    }

    /** Locked for as long as it runs. */
    Path lock() {
        return stateDir.resolve("sim.lock");
    }

    /** What it prints. */
    Path log() {
        return stateDir.resolve("sim.log");
    }
}
