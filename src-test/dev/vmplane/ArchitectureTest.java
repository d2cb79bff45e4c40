package dev.vmplane;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import dev.vmplane.bus.VertxTime;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** The directions that imports go, and that what decides knows no clock, no event loop and no log. */
@AnalyzeClasses(packages = "dev.vmplane", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
    private static final String ROOT = "dev.vmplane";

    /** Which folders each folder may see, beside itself, model and the libraries. */
    private static final Map<String, List<String>> SEES = Map.ofEntries(
            Map.entry("model", List.of()),
            Map.entry("bus", List.of()),
            Map.entry("api", List.of("bus", "stream", "metric")),
            Map.entry("store", List.of("bus", "metric")),
            Map.entry("reconcile", List.of("bus", "metric")),
            Map.entry("pool", List.of("bus", "host", "metric")),
            Map.entry("vm", List.of("bus", "hypervisor", "host", "image")),
            Map.entry("hypervisor", List.of("host", "metric")),
            Map.entry("network", List.of("bus", "host")),
            Map.entry("host", List.of()),
            Map.entry("image", List.of("bus", "host")),
            Map.entry("ingress", List.of("bus", "metric")),
            Map.entry("feed", List.of("bus", "stream", "metric")),
            Map.entry("stream", List.of()),
            Map.entry("metric", List.of()),
            Map.entry("cli", List.of()));

    /** Classes that decide, beside all of model. */
    private static final String[] DECIDERS = {
        "dev.vmplane.reconcile.Reconciler",
        "dev.vmplane.reconcile.Plan",
        "dev.vmplane.reconcile.Demand",
        "dev.vmplane.reconcile.Knocks",
        "dev.vmplane.reconcile.Wakes",
        "dev.vmplane.pool.Admission",
        "dev.vmplane.pool.Pool",
        "dev.vmplane.pool.Room",
        "dev.vmplane.host.cgroup.Limits",
        "dev.vmplane.store.Ledger",
        "dev.vmplane.store.Overlay",
        "dev.vmplane.store.Draft",
        "dev.vmplane.store.Lives",
        "dev.vmplane.store.RestartRule",
        "dev.vmplane.store.Addresses",
        "dev.vmplane.store.Shelf",
        "dev.vmplane.store.Volumes",
        "dev.vmplane.store.Claims",
        "dev.vmplane.store.Gallery",
        "dev.vmplane.store.HashGroup",
        "dev.vmplane.store.Answers",
        "dev.vmplane.store.DoneBook",
        "dev.vmplane.store.Images",
        "dev.vmplane.host.VmUids",
        "dev.vmplane.host.ConsoleText",
        "dev.vmplane.host.LogLines",
        "dev.vmplane.host.LogPiece",
        "dev.vmplane.hypervisor.firecracker.JailerChoice",
        "dev.vmplane.vm.HealthWatch",
        "dev.vmplane.vm.Ending",
        "dev.vmplane.feed.Refills",
        "dev.vmplane.ingress.RouteTable",
        "dev.vmplane.ingress.Route",
        "dev.vmplane.network.NetworkPolicy",
        "dev.vmplane.host.network.Element",
        "dev.vmplane.host.network.Port",
        "dev.vmplane.host.network.Range",
        "dev.vmplane.host.network.Rights",
        "dev.vmplane.host.network.Ruleset",
        "dev.vmplane.image.ImageBudget",
        "dev.vmplane.image.LayerTree",
        "dev.vmplane.api.JobStatus",
        "dev.vmplane.api.DesiredFilePlan",
        "dev.vmplane.api.LogBookmark",
        "dev.vmplane.api.Origin"
    };

    @ArchTest
    void everyFolderSeesOnlyWhatItMay(JavaClasses classes) {
        SEES.forEach((folder, seen) -> {
            var allowed = Stream.concat(Stream.of(folder, "model"), seen.stream())
                    .map(ArchitectureTest::packages)
                    .toArray(String[]::new);
            noClasses()
                    .that()
                    .resideInAPackage(packages(folder))
                    .should()
                    .dependOnClassesThat(resideInAPackage(ROOT + "..").and(not(resideInAnyPackage(allowed))))
                    .because(folder + " sees model" + (seen.isEmpty() ? "" : " and " + seen))
                    .check(classes);
        });
    }

    @ArchTest
    static final ArchRule EVERY_FOLDER_IS_ON_THE_LIST = classes()
            .that()
            .resideOutsideOfPackage(ROOT)
            .should()
            .resideInAnyPackage(
                    SEES.keySet().stream().map(ArchitectureTest::packages).toArray(String[]::new));

    @ArchTest
    static final ArchRule MODEL_IS_PLAIN_JAVA = classes()
            .that()
            .resideInAPackage(packages("model"))
            .should()
            .onlyDependOnClassesThat()
            .resideInAnyPackage("java..", packages("model"));

    @ArchTest
    static final ArchRule DECIDERS_KNOW_NO_EVENT_LOOP_AND_NO_LOG = noClasses()
            .that()
            .haveNameMatching(String.join("|", DECIDERS).replace(".", "\\."))
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(
                    "io.vertx..", "io.netty..", "org.slf4j..", "java.io..", "java.nio.file..", "java.sql..");

    @ArchTest
    static final ArchRule DECIDERS_ARE_MEASURED_BY_OTHERS = noClasses()
            .that()
            .haveNameMatching(String.join("|", DECIDERS).replace(".", "\\."))
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("io.micrometer..", packages("metric"));

    @ArchTest
    static final ArchRule TIME_IS_AN_ARGUMENT = noClasses()
            .that()
            .doNotBelongToAnyOf(VertxTime.class)
            .and()
            .resideOutsideOfPackage("dev.vmplane.hypervisor.simulator..")
            .should()
            .callMethod(Instant.class, "now")
            .orShould()
            .callMethod(System.class, "currentTimeMillis")
            .orShould()
            .callMethod(Clock.class, "systemUTC")
            .because("whoever needs the time is given a Time");

    @ArchTest
    static final ArchRule ONE_USER_OF_THE_UNTYPED_BUS = noClasses()
            .that()
            .resideOutsideOfPackage(packages("bus"))
            .should()
            .dependOnClassesThat()
            .resideInAPackage("io.vertx.core.eventbus..");

    private static String packages(String folder) {
        return ROOT + "." + folder + "..";
    }
}
