package dev.vmplane.host;

import dev.vmplane.model.MicroVm;

/** Says how the VMs of this host are connected. Pure: the same row always has the same link. */
@FunctionalInterface
public interface Links {
    Link of(MicroVm vm);
}
