package dev.vmplane.model;

/** One exception from the walls around a VM, which by default keep out other tenants and keep in what the host offers. */
public sealed interface Allow {
    /** As a spec writes it. */
    String text();

    /** VMs of that tenant may connect to this one. */
    record FromTenant(String tenant) implements Allow {
        @Override
        public String text() {
            return "tenant:" + tenant;
        }
    }

    /** This VM may connect to a port of its host. */
    record ToHost(Protocol protocol, int port) implements Allow {
        @Override
        public String text() {
            return "host:" + port + (protocol == Protocol.UDP ? "/udp" : "");
        }
    }

    /** This VM may connect to 169.254.169.254, where clouds hand out the credentials of the host. */
    record ToMetadata() implements Allow {
        @Override
        public String text() {
            return "metadata";
        }
    }

    /** What is carried by IP. */
    enum Protocol {
        TCP,
        UDP
    }
}
