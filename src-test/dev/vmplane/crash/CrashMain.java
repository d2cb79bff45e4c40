package dev.vmplane.crash;

/** Runs the suite in a process of its own, so that it can have a network of its own: what it prints last is the outcome. */
final class CrashMain {
    private CrashMain() {}

    public static void main(String[] words) throws Exception {
        var kills = Integer.parseInt(words[0]);
        var seed = Long.parseLong(words[1]);
        System.out.println("crash: seed " + seed);
        var site = Site.make();
        var run = new CrashRun(seed, site);
        // Also when somebody has had enough of it.
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            run.close();
            site.close();
        }));
        System.out.println(run.run(kills));
    }
}
