package dev.vmplane.api;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.Locale;

/**
 * Who sent a browser here. A browser lets any page of the world open a WebSocket to this host, and says so in a header;
 * whoever is no browser says nothing.
 */
final class Origin {
    private Origin() {}

    /**
     * Whether a page of this very server asks, or no page at all.
     *
     * @param origin the header of that name, or null
     * @param host the header of that name: what the browser believes to talk to
     */
    static boolean isOurs(String origin, String host) {
        if (origin == null) {
            return true;
        }
        try {
            var page = new URI(origin);
            var port = page.getPort() >= 0 ? page.getPort() : usualPort(page.getScheme());
            return host != null
                    && page.getHost() != null
                    && (page.getHost() + ":" + port)
                            .toLowerCase(Locale.ROOT)
                            .equals(withPort(host, usualPort(page.getScheme())).toLowerCase(Locale.ROOT));
        } catch (URISyntaxException neither) {
            return false;
        }
    }

    private static String withPort(String host, int usual) {
        return host.matches(".*:\\d+") ? host : host + ":" + usual;
    }

    private static int usualPort(String scheme) {
        return "https".equals(scheme) ? 443 : 80;
    }
}
