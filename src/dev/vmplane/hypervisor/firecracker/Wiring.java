package dev.vmplane.hypervisor.firecracker;

import dev.vmplane.hypervisor.GuestNetwork;
import dev.vmplane.hypervisor.Machine;
import java.util.List;
import java.util.Optional;

/** How the guests of one host are connected to it: the cable on the host's side, and what the guest is told of it. */
public interface Wiring {

    /** The addresses the guest must configure for itself. */
    GuestNetwork guestNetwork(Machine machine);

    /** The network card the machine gets, or none. */
    Optional<Card> card(Machine machine);

    /**
     * A network card of the guest.
     *
     * @param tap name of the host's end, which must exist before the machine is configured
     * @param mac the guest's own hardware address
     */
    record Card(String tap, String mac) {}

    /**
     * No cable at all: what stands for the guest runs on this host and listens at the machine's loopback address
     * itself, as the simulator's guests do.
     */
    Wiring LOOPBACK = new Wiring() {
        @Override
        public GuestNetwork guestNetwork(Machine machine) {
            return new GuestNetwork(machine.address() + "/8", "127.0.0.1", List.of());
        }

        @Override
        public Optional<Card> card(Machine machine) {
            return Optional.empty();
        }
    };
}
