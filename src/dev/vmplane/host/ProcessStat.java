package dev.vmplane.host;

/**
 * The part of {@code /proc/<pid>/stat} that tells processes apart (see proc(5); fields 3, 6, 20 and 22).
 *
 * @param startTicks clock ticks between the host's boot and the process's start; forking sets it, exec keeps it
 */
record ProcessStat(char state, long session, int threads, long startTicks) {

    /**
     * Reads one such line. The command's name in its parentheses may itself hold spaces and parentheses, so counting
     * starts behind the last one.
     *
     * @throws IllegalArgumentException if the line is not of that form
     */
    static ProcessStat parse(String line) {
        var fields = line.substring(line.lastIndexOf(')') + 1).trim().split(" ", 21);
        if (fields.length < 20 || fields[0].length() != 1) {
            throw new IllegalArgumentException("process table cannot be read: unknown form of a line");
        }
        return new ProcessStat(
                fields[0].charAt(0),
                Long.parseLong(fields[3]),
                Integer.parseInt(fields[17]),
                Long.parseLong(fields[19]));
    }

    /**
     * Whether all that is left of the process is its entry, which waits for a parent to read it. A process whose first
     * thread has ended shows the same letter while others still hold its memory and sockets; that one is not over.
     */
    boolean over() {
        return state == 'X' || (state == 'Z' && threads <= 1);
    }
}
