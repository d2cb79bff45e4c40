package dev.vmplane.hypervisor.simulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class GuestSettingsTest {

    @Test
    void whatTheGuestActsOnIsRead() {
        var settings = GuestSettings.of(
                disk("arg=/bin/x\0arg=a=b\0env=A=1=2\nü\0env=B=\0hostname=web\0ip=127.64.0.5/8\0dns=1.1.1.1\0"));

        assertThat(settings).isEqualTo(new GuestSettings("web", Map.of("A", "1=2\nü", "B", ""), "127.64.0.5"));
    }

    @Test
    void paddingBehindThePayloadIsIgnored() {
        var padded = Arrays.copyOf(disk("arg=x\0"), 512);

        assertThat(GuestSettings.of(padded).hostname()).isEqualTo("localhost");
    }

    @Test
    void aGuestWithoutAnAddressHasNone() {
        assertThat(GuestSettings.of(disk("arg=x\0")).address()).isNull();
    }

    @ParameterizedTest
    @CsvSource({"80, 80", "65535, 65535", "0, 8080", "65536, 8080", "http, 8080", "'', 8080"})
    void thePortIsThatOfTheEnvironmentIfItIsOne(String text, int port) {
        assertThat(GuestSettings.of(disk("arg=x\0env=PORT=" + text + "\0")).port())
                .isEqualTo(port);
    }

    static Stream<Arguments> damaged() {
        return Stream.of(
                Arguments.of(new byte[0], "not a configuration disk"),
                Arguments.of("VMPLANE1".getBytes(StandardCharsets.US_ASCII), "not a configuration disk"),
                Arguments.of("VMPLANE2\0\0\0\0".getBytes(StandardCharsets.US_ASCII), "not a configuration disk"),
                Arguments.of(withLength(7, "arg=x\0"), "payload of 7 bytes"),
                Arguments.of(withLength(-1, "arg=x\0"), "payload of 4294967295 bytes"),
                Arguments.of(withLength(1 << 20 | 1, "a".repeat(1 << 20 | 1)), "payload of 1048577 bytes"),
                Arguments.of(disk("arg=x"), "an entry without an end"),
                Arguments.of(disk("arg=x\0rubbish\0"), "an entry without a name"),
                Arguments.of(disk("arg=x\0=y\0"), "an entry without a name"),
                Arguments.of(disk("arg=x\0env=NOVALUE\0"), "an entry without a name"),
                Arguments.of(disk("hostname=x\0"), "no program to run"));
    }

    @ParameterizedTest
    @MethodSource("damaged")
    void aDamagedDiskIsRefused(byte[] disk, String why) {
        assertThatThrownBy(() -> GuestSettings.of(disk))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(why);
    }

    private static byte[] disk(String payload) {
        return withLength(payload.getBytes(StandardCharsets.UTF_8).length, payload);
    }

    private static byte[] withLength(int length, String payload) {
        var bytes = payload.getBytes(StandardCharsets.UTF_8);
        return ByteBuffer.allocate(12 + bytes.length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put("VMPLANE1".getBytes(StandardCharsets.US_ASCII))
                .putInt(length)
                .put(bytes)
                .array();
    }
}
