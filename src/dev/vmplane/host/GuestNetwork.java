package dev.vmplane.host;

import java.util.List;

/**
 * What the guest sees of its network.
 *
 * @param ip its address with prefix length, such as {@code 10.0.2.15/24}
 */
public record GuestNetwork(String ip, String gateway, List<String> dns) {}
