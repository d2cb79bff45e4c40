package dev.vmplane.hypervisor.qemu;

import dev.vmplane.host.CpuInfo;
import dev.vmplane.host.Kvm;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * How QEMU runs a guest's instructions: on the host's CPU, or by translating them.
 *
 * @param kernelArguments what the guest's kernel must be told because of it
 * @param vhost whether the host's kernel moves the packets of a tap instead of QEMU
 * @param consoleLimit how soon after boot a live guest has printed something
 */
public record Acceleration(List<String> arguments, List<String> kernelArguments, boolean vhost, Duration consoleLimit) {

    /**
     * What a translated kernel need not spend its first half second on: trying out its ciphers, and guarding against
     * flaws of processors that translated code does not run on.
     */
    private static final List<String> TRANSLATED_KERNEL = List.of("cryptomgr.notests", "mitigations=off");

    /** The best {@code host} can do; blocks for a moment. */
    public static Acceleration of(CpuInfo host) {
        return Kvm.usable(host) ? kvm(Kvm.movesPackets()) : translation(host);
    }

    static Acceleration kvm(boolean vhost) {
        return new Acceleration(List.of("-accel", "kvm", "-cpu", "host"), List.of(), vhost, Duration.ofSeconds(5));
    }

    /**
     * A translated guest reads the host's time stamp counter and measures its frequency against an emulated timer. When
     * it gets that wrong it stops for good before its first word, about every second boot; told the frequency it never
     * did. The limit holds with several guests booting on few cores, where the first word took 2 to 8 seconds.
     *
     * <p>Its packets stay with QEMU: the kernel's way with them is made for guests that run on the CPU.
     */
    static Acceleration translation(CpuInfo cpu) {
        var arguments = new ArrayList<>(TRANSLATED_KERNEL);
        cpu.frequencyKhz().ifPresent(khz -> arguments.add("tsc_early_khz=" + khz));
        return new Acceleration(
                List.of("-accel", "tcg", "-cpu", "max"), List.copyOf(arguments), false, Duration.ofSeconds(20));
    }
}
