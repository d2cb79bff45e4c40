package dev.vmplane.api;

import static dev.vmplane.Samples.NOW;
import static dev.vmplane.Samples.running;
import static dev.vmplane.Samples.vm;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LogBookmarkTest {
    private static final LogBookmark BOOKMARK = new LogBookmark(NOW.toEpochMilli(), Map.of("vm-a", 4711L));

    @Test
    void whatIsWrittenIsRead() {
        assertThat(LogBookmark.parse(BOOKMARK.text())).isEqualTo(BOOKMARK);
    }

    @Test
    void aVmThatItNamesIsReadOnFromThere() {
        assertThat(BOOKMARK.placeIn(vm("vm-a", null, running()))).hasValue(4711);
    }

    @Test
    void aVmThatItDoesNotNameWasReadToItsEnd() {
        assertThat(BOOKMARK.placeIn(vm("vm-b", null, running()))).isEqualTo(OptionalLong.empty());
    }

    @Test
    void aVmThatWasMadeLaterIsReadFromItsBeginning() {
        var earlier = new LogBookmark(NOW.toEpochMilli() - 1, Map.of());

        assertThat(earlier.placeIn(vm("vm-b", null, running()))).hasValue(0);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "x", "1,", "1,vm-a", "1,vm-a:", "1,vm-a:-1", "1,../a:1", "1,vm-a:1234567890123456789"})
    void whatIsNoneIsRefused(String text) {
        assertThatThrownBy(() -> LogBookmark.parse(text)).isInstanceOf(IllegalArgumentException.class);
    }
}
