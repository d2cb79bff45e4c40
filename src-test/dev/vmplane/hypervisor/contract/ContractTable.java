package dev.vmplane.hypervisor.contract;

import static org.junit.jupiter.api.extension.ConditionEvaluationResult.enabled;

import dev.vmplane.hypervisor.BackendDetection;
import dev.vmplane.hypervisor.TapNamespace;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import org.junit.jupiter.api.extension.BeforeTestExecutionCallback;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.TestWatcher;

/** Leaves out the drivers that this host has no program for, and notes what came of every fact for the others. */
final class ContractTable implements ExecutionCondition, BeforeTestExecutionCallback, TestWatcher {
    private static final Path KVM = Path.of("/dev/kvm");

    @Override
    public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
        if (context.getTestMethod().isPresent()) {
            return enabled("its subject is here");
        }
        var subject = context.getRequiredTestClass().getAnnotation(Subject.class);
        var reason = missing(subject);
        reason.ifPresent(why -> results(context).leaveOut(subject.value(), why));
        return reason.map(ConditionEvaluationResult::disabled).orElse(enabled("its subject is here"));
    }

    @Override
    public void beforeTestExecution(ExtensionContext context) {
        var contract = (HypervisorContract) context.getRequiredTestInstance();
        results(context).version(subject(context), contract.rig().traits().version());
    }

    @Override
    public void testSuccessful(ExtensionContext context) {
        note(context, ContractResults.Outcome.HOLDS, "");
    }

    @Override
    public void testFailed(ExtensionContext context, Throwable cause) {
        note(context, ContractResults.Outcome.BROKEN, String.valueOf(cause.getMessage()));
    }

    @Override
    public void testAborted(ExtensionContext context, Throwable cause) {
        note(
                context,
                ContractResults.Outcome.NOT_HERE,
                String.valueOf(cause.getMessage()).replace("Assumption failed: ", ""));
    }

    private static void note(ExtensionContext context, ContractResults.Outcome outcome, String why) {
        results(context).note(fact(context), subject(context), outcome, why);
    }

    /** The name of the method, and of the case for one that has several. */
    private static String fact(ExtensionContext context) {
        var method = context.getRequiredTestMethod();
        return method.getParameterCount() == 0 ? method.getName() : method.getName() + " " + context.getDisplayName();
    }

    private static String subject(ExtensionContext context) {
        return context.getRequiredTestClass().getAnnotation(Subject.class).value();
    }

    private static Optional<String> missing(Subject subject) {
        var absent = Arrays.stream(subject.programs())
                .filter(program ->
                        BackendDetection.program(program, System.getenv("PATH")).isEmpty())
                .findFirst()
                .map(program -> program + " is not on the path");
        if (absent.isPresent()) {
            return absent;
        }
        if (subject.kvm() && !Files.isWritable(KVM)) {
            return Optional.of(KVM + " does not open");
        }
        return subject.taps() && !TapNamespace.allowed()
                ? Optional.of("only root may make the taps of its machines")
                : Optional.empty();
    }

    private static ContractResults results(ExtensionContext context) {
        return context.getRoot()
                .getStore(ExtensionContext.Namespace.create(ContractTable.class))
                .getOrComputeIfAbsent(ContractResults.class);
    }
}
