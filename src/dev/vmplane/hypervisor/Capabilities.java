package dev.vmplane.hypervisor;

import dev.vmplane.host.GuestConfig;
import java.time.Duration;

/**
 * What callers must know of a hypervisor beyond its name.
 *
 * @param guestEnd the way a guest must end for this hypervisor to end with it
 * @param consoleLimit how soon after boot a live guest has printed something; silence beyond it means a hang
 */
public record Capabilities(boolean pause, GuestConfig.End guestEnd, Duration consoleLimit) {}
