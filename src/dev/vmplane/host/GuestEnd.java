package dev.vmplane.host;

import dev.vmplane.model.GuestExit;

/**
 * What a guest said last.
 *
 * @param exit how its program ended
 * @param cannot why the guest program could not run it, such as {@code cannot become web: there is no such user}; null when
 *     it ran, or nothing was said
 */
public record GuestEnd(GuestExit exit, String cannot) {
    static final GuestEnd UNKNOWN = new GuestEnd(GuestExit.UNKNOWN, null);
}
