package dev.vmplane.hypervisor.cloudhypervisor;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HexFormat;

/**
 * A kernel of a few dozen bytes: prints one line on the first serial port, and ends as it is told. It needs so little of
 * a CPU that it runs where ordinary kernels do not.
 */
enum TinyGuest {
    /** Sleeps for ever. */
    STAYS(""),
    /** Asks ACPI for sleep state 5, at the port where Cloud Hypervisor has it. */
    POWERS_OFF("b034 66ba0006 ee"),
    /** Asks the keyboard controller for a reset. */
    RESETS("b0fe e664");

    static final String LINE = "a tiny guest";

    private static final int LOADED_AT = 0x100000;
    private static final int NOTE_AT = 64 + 2 * 56;
    private static final int NOTE_BYTES = 20;
    private static final int CODE_AT = NOTE_AT + NOTE_BYTES;

    /** The first instruction: esi is the address of the text. */
    private static final int SET_ESI_BYTES = 5;

    /** As long as there is a character at esi: to port 0x3f8 with it. */
    private static final String PRINT = "ac 84c0 7407 66baf803 ee ebf4";

    /** Counts down from half a million: whoever started it gets his answer before it ends. */
    private static final String WAIT = "b920a10700 49 75fd";

    /** No interrupts, and halt. */
    private static final String SLEEP = "fa f4 ebfc";

    private final String end;

    TinyGuest(String end) {
        this.end = end;
    }

    /** A 64-bit ELF file of one segment, whose note says that it is entered in 32-bit mode, by Xen's PVH convention. */
    byte[] kernel() {
        var text = (LINE + "\r\n\0").getBytes(US_ASCII);
        var code = HexFormat.of().parseHex((PRINT + WAIT + end + SLEEP).replace(" ", ""));
        var bytes = SET_ESI_BYTES + code.length + text.length;
        var file = ByteBuffer.allocate(CODE_AT + bytes).order(ByteOrder.LITTLE_ENDIAN);
        file.put(new byte[] {0x7f, 'E', 'L', 'F', 2, 1, 1}).position(16);
        file.putShort((short) 2).putShort((short) 62).putInt(1).putLong(LOADED_AT);
        file.putLong(64).putLong(0).putInt(0);
        file.putShort((short) 64).putShort((short) 56).putShort((short) 2);
        file.position(64);
        segment(file, 1, CODE_AT, LOADED_AT, bytes);
        segment(file, 4, NOTE_AT, 0, NOTE_BYTES);
        file.putInt(4).putInt(4).putInt(18).put("Xen\0".getBytes(US_ASCII)).putInt(LOADED_AT);
        file.put((byte) 0xbe).putInt(LOADED_AT + SET_ESI_BYTES + code.length);
        return file.put(code).put(text).array();
    }

    private static void segment(ByteBuffer file, int type, int offset, long address, int bytes) {
        file.putInt(type).putInt(7).putLong(offset).putLong(address).putLong(address);
        file.putLong(bytes).putLong(bytes).putLong(4);
    }
}
