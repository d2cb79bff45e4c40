package dev.vmplane.hypervisor.contract;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** Which driver a contract class holds to the contract, and what this host must have for that. */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.TYPE)
@interface Subject {
    /** The driver and what it drives: {@code firecracker@simulator}. */
    String value();

    /** Programs that must be on the path; without them the whole column of the table is empty. */
    String[] programs() default {};

    /** Whether the program starts no machine at all when {@code /dev/kvm} does not open. */
    boolean kvm() default false;

    /** Whether its machines need taps, which only root may make. */
    boolean taps() default false;
}
