package dev.vmplane.api;

import dev.vmplane.model.MicroVm;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalLong;
import java.util.regex.Pattern;

/**
 * Where a reader of logs is, in words that it can bring back: {@code 1754300000123,vm-k3v9x2m4pq:4711}. VMs that were made
 * later than it says are new to the reader, and others that it does not name were read to their end.
 *
 * @param bornMs when the youngest VM was made that the reader knows, in milliseconds of the epoch
 * @param places how far those are read that may have more, by id
 */
record LogBookmark(long bornMs, Map<String, Long> places) {
    /** More would not fit into the header that it comes back in. */
    static final int MAX_PLACES = 256;

    private static final Pattern SHAPE =
            Pattern.compile("\\d{1,15}(,[a-zA-Z0-9-]{1,63}:\\d{1,18}){0," + MAX_PLACES + "}");

    /** @throws IllegalArgumentException when it is none */
    static LogBookmark parse(String text) {
        if (!SHAPE.matcher(text).matches()) {
            throw new IllegalArgumentException("it is not the id of a line");
        }
        var parts = text.split(",", -1);
        var places = new LinkedHashMap<String, Long>();
        for (int n = 1; n < parts.length; n++) {
            var colon = parts[n].indexOf(':');
            places.put(parts[n].substring(0, colon), Long.valueOf(parts[n].substring(colon + 1)));
        }
        return new LogBookmark(Long.parseLong(parts[0]), places);
    }

    /** Where to go on with a VM; nothing when all of it was read. */
    OptionalLong placeIn(MicroVm vm) {
        var place = places.get(vm.vmId());
        if (place != null) {
            return OptionalLong.of(place);
        }
        return millis(vm.createdAt()) > bornMs ? OptionalLong.of(0) : OptionalLong.empty();
    }

    static long millis(Instant bornAt) {
        return Math.max(0, bornAt.toEpochMilli());
    }

    String text() {
        var text = new StringBuilder().append(bornMs);
        places.forEach(
                (vmId, place) -> text.append(',').append(vmId).append(':').append(place));
        return text.toString();
    }
}
