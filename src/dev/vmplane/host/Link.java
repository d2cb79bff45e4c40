package dev.vmplane.host;

import java.util.List;

/** How the network card of one guest is connected to its host. */
public sealed interface Link {

    /** What the guest must configure for itself. */
    GuestNetwork guest();

    /** The address of the VM in this host's range, by which no other one goes while it lives. */
    String address();

    /**
     * A tap device of the host, which exists before the machine is configured.
     *
     * @param mac the guest's own hardware address
     */
    record Tap(String name, String mac, GuestNetwork guest) implements Link {
        @Override
        public String address() {
            return guest.ip().substring(0, guest.ip().indexOf('/'));
        }
    }

    /**
     * No device of the host: the hypervisor's process listens at {@code address} and {@code port} and hands every
     * connection to the same port of the guest, which lives in a network that this process makes up.
     */
    record Forwarded(String address, int port) implements Link {
        /** What QEMU's user network, a small router in its process, gives to every guest alike. */
        private static final GuestNetwork GUEST = new GuestNetwork("10.0.2.15/24", "10.0.2.2", List.of("10.0.2.3"));

        @Override
        public GuestNetwork guest() {
            return GUEST;
        }
    }

    /** No cable at all: what stands for the guest runs on this host and listens at the loopback address itself. */
    record Loopback(String address) implements Link {
        @Override
        public GuestNetwork guest() {
            return new GuestNetwork(address + "/8", "127.0.0.1", List.of());
        }
    }
}
